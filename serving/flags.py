"""Value types of flags, and TensorFlow Serving's flags that have no effect here."""

import argparse
import difflib
from collections.abc import Iterable, Sequence

# TensorFlow Serving's other flags, which a command line that starts the real one may carry: what is
# true here instead.
NO_GRPC = "gRPC is not here: use REST"
NO_BATCHING = "requests are not batched together here"
IGNORED_FLAGS = {
    "port": NO_GRPC,
    "grpc_socket_path": NO_GRPC,
    "grpc_socket_permissions": NO_GRPC,
    "grpc_channel_arguments": NO_GRPC,
    "grpc_max_threads": NO_GRPC,
    "enable_grpc_healthcheck_service": NO_GRPC,
    "enable_batching": NO_BATCHING,
    "batching_parameters_file": NO_BATCHING,
    "allow_batching_parameters_file_changes": NO_BATCHING,
    "enable_per_model_batching_parameters": NO_BATCHING,
    "monitoring_config_file": "metrics are always on, at /monitoring/prometheus/metrics",
    "enable_model_warmup": "a model's own warm-up record is always run",
    "num_request_iterations_for_warmup": "a warm-up record is run once",
    "num_load_threads": "every model has a thread of its own here",
    "num_unload_threads": "every model has a thread of its own here",
    "flush_filesystem_caches": "files are read as the system caches them",
    "rest_api_num_threads": "use --max_requests_in_progress and --max_parallel_runs",
    "tensorflow_session_parallelism": "use --tensorflow_intra_op_parallelism and _inter_op_",
    "per_process_gpu_memory_fraction": "a GPU's memory is taken as it is needed",
    "enable_signature_method_name_check": "method names are not checked, as by default",
    "enable_profiler": "there is no profiler here",
    "xla_cpu_compilation_enabled": "XLA is not used here",
    "prefer_tflite_model": "SavedModels only are served here",
    "saved_model_tags": "the graph tagged `serve` is served",
    "use_alts_credentials": NO_GRPC,
    "thread_pool_factory_config_file": "use --tensorflow_intra_op_parallelism and _inter_op_",
}
# Those of them that take no value unless it follows a =.
IGNORED_SWITCHES = {
    name for name in IGNORED_FLAGS if name.startswith(("enable_", "allow_", "prefer_", "use_"))
} | {"flush_filesystem_caches", "xla_cpu_compilation_enabled"}
# What a server without it would be another one: not started.
OUT_OF_SCOPE = {
    "ssl_config_file": "this server has no TLS, and would answer in the clear",
    "platform_config_file": "this server serves TensorFlow SavedModels only",
}


def drop_ignored_flags(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The arguments without those in ELSEWHERE, and a warning for each of these."""
    kept: list[str] = []
    warnings = []
    rest = iter(arguments)
    for argument in rest:
        name, has_value, _ = argument.removeprefix("--").partition("=")
        if not argument.startswith("--") or name not in IGNORED_FLAGS:
            kept.append(argument)
            continue
        warnings.append(f"--{name} changes nothing: {IGNORED_FLAGS[name]}")
        if not has_value and name not in IGNORED_SWITCHES:
            next(rest, None)
    return kept, warnings


def unknown_flag(argument: str, known: Iterable[str]) -> str:
    """The message for an unknown flag, with the most similar known one."""
    flag = argument.partition("=")[0]
    near = difflib.get_close_matches(flag, [*known, *(f"--{name}" for name in IGNORED_FLAGS)], n=1)
    return f"unknown flag {flag}" + (f"; do you mean {near[0]}?" if near else "")


def switch(text: str) -> bool:
    """A reader of booleans."""
    if text.lower() not in ("true", "false", "1", "0"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() in ("true", "1")


def number(kind: type[int] | type[float], low: float, high: float) -> object:
    """A reader of numbers from `low` to `high`."""

    def parse(text: str) -> float:
        value = kind(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not between {low:g} and {high:g}")
        return value

    parse.__name__ = "whole number" if kind is int else "number"
    return parse
