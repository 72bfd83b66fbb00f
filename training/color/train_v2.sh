#!/bin/sh
# Train v2 as it is shipped, all eight runs: recipes/v2.py says what each is for.
#
#     sh training/color/train_v2.sh RUNS_FOLDER PHOTOS...
#
# RUNS_FOLDER/8/v2 is the model in the end. Stopped or killed, the same command goes on where it
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

# Runs 3 and 4: whole scenes, what the picture is worth, fewer portraits and products, no dull
# photos.
vivid="--samples 112000 --learning-rate 5e-4 --crop-side 160 --zoom 0.6,1"
vivid="$vivid --picture-weight 2 --vividness 0.05 --min-colorfulness 26"
vivid="$vivid --shares grocery-*=0.25,clothing-*=0.25,faces-*=0.35,people-*=0.5"

# From run 5 on: larger photos of more kinds, nearer to what people send.
large="--photo-side 192 --crop-side 160 --picture-weight 2 --min-colorfulness 12"
wide="$large --zoom 0.6,1"
wide="$wide --shares grocery-*=0.3,clothing-*=0.3,faces-*=0.4,people-*=0.5,scenes-*=0.5"
wide="$wide,imagenette-*=0.6,caltech101-*=0.5,architecture-*=0.6,sports-*=0.8"
# Runs 7 and 8 take more of each kind, in closer views, too.
all="$large --zoom 0.5,1 --learning-rate 5e-4"
all="$all --shares grocery-*=0.5,clothing-*=0.5,faces-*=0.5,people-*=0.7,scenes-*=0.8"

run 1 "" "" "$@"
run 2 1 "--samples 400000 --learning-rate 8e-4 --start-share 0.5" "$@"
run 3 2 "$vivid" "$@"
run 4 3 "$vivid --start-share 0.5 --seed 3" "$@"
run 5 4 "$wide --samples 128000 --learning-rate 6e-4 --vividness 0.045 --seed 11" "$@"
run 6 5 "$wide --samples 136000 --learning-rate 5e-4 --vividness 0.05 --seed 12" "$@"
run 7 6 "$all --samples 140000 --vividness 0.05 --start-share 0.5 --seed 13" "$@"
run 8 7 "$all --samples 112000 --vividness 0.055 --red-caution 0.4 --start-share 0.1 --seed 14" "$@"
