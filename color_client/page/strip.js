// The strip of photos below the one that is looked at, where there are several: each with its state.
const byId = (id) => document.getElementById(id);
const STATES = { waiting: "Waiting", working: "In work", done: "Done", failed: "Failed" };

export class Strip {
  // `chosen(photo)` and `removed(photo)` hear of clicks.
  constructor(chosen, removed) {
    Object.assign(this, { chosen, removed });
    this.tiles = new Map(); // by photo
  }

  draw(photos, shown) {
    for (const [photo, tile] of this.tiles) {
      if (photos.includes(photo)) continue;
      tile.remove();
      this.tiles.delete(photo);
    }
    for (const photo of photos) this.update(photo, photo === shown);
    const done = photos.filter((photo) => photo.answer).length;
    byId("strip").hidden = photos.length < 2;
    byId("strip-count").textContent = `${done} of ${photos.length} done`;
    byId("download-all").hidden = done < 2;
  }

  update(photo, current) {
    if (!this.tiles.has(photo)) this.add(photo);
    const tile = this.tiles.get(photo);
    const state = STATES[photo.state];
    tile.className = `${photo.state} ${photo.before || photo.answer ? "" : "blank"}`;
    tile.querySelector(".state").textContent = state;
    const open = tile.querySelector(".open");
    open.setAttribute("aria-current", String(current));
    open.title = photo.failure ? photo.failure.text : photo.name;
    const address = photo.answer?.url || photo.before || "";
    const picture = tile.querySelector("img");
    picture.hidden = !address;
    if (address && picture.getAttribute("src") !== address) picture.src = address;
  }

  add(photo) {
    const tile = byId("tile").content.firstElementChild.cloneNode(true);
    tile.querySelector(".name").textContent = photo.name;
    tile.querySelector(".open").addEventListener("click", () => this.chosen(photo));
    const remove = tile.querySelector(".remove");
    remove.setAttribute("aria-label", `Remove ${photo.name}`);
    remove.addEventListener("click", () => this.removed(photo));
    byId("tiles").append(tile);
    this.tiles.set(photo, tile);
  }
}
