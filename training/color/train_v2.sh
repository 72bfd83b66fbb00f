#!/bin/sh
# Train v2 as it is shipped, all four runs of it: what they are for stands in recipes/v2.py.
#
#     sh training/color/train_v2.sh RUNS_FOLDER PHOTOS...
#
# RUNS_FOLDER/4/v2 is the model in the end. Stopped or killed, the same command goes on where it
# was; a run that is published is not run again. PYTHON names the interpreter (.venv/bin/python).
set -euf # f: the patterns below are for the photos' names, not for the files here
if [ $# -lt 2 ]; then
    echo "usage: sh training/color/train_v2.sh RUNS_FOLDER PHOTOS... (folders, zip files or URLs)" >&2
    exit 2
fi
runs=$1
shift

# run NUMBER NUMBER_OF_THE_RUN_TO_START_FROM FLAGS PHOTOS...
run() {
    number=$1 start=$2 flags=$3
    shift 3
    set -- --export-root "$runs/$number" --data "$@"
    if [ -n "$start" ]; then
        set -- --weights "$runs/$start/v2" "$@"
    fi
    # shellcheck disable=SC2086 # the flags are words
    "${PYTHON:-.venv/bin/python}" -m training --recipe v2 --version 2 $flags "$@"
}

# The last two: whole scenes, what the picture is worth, fewer portraits and products, no dull
# photos.
vivid="--samples 112000 --learning-rate 5e-4 --crop-side 160 --zoom 0.6,1"
vivid="$vivid --picture-weight 2 --vividness 0.05 --min-colorfulness 26"
vivid="$vivid --shares grocery-*=0.25,clothing-*=0.25,faces-*=0.35,people-*=0.5"

run 1 "" "" "$@"
run 2 1 "--samples 400000 --learning-rate 8e-4 --start-share 0.5" "$@"
run 3 2 "$vivid" "$@"
run 4 3 "$vivid --start-share 0.5 --seed 3" "$@"
