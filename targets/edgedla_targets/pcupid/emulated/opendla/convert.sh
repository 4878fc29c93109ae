#!/bin/bash
# Model zoo of the edgedla emulated toolchain: convert.sh -a sed/eat -c config/sed_eat.cfg -p TOOLCHAIN -s false|true
# -s false converts to output/<chip>_<date>/, -s true simulates the float model that was converted the same day.
# The lists of the config file may be bash arrays or words in quotes.

usage="usage: convert.sh -a <algorithm folder> -c <config file> -p <toolchain> -s false|true"
algorithm= config= toolchain= simulate=false
while getopts "a:c:p:s:d:" option; do
    case "$option" in
        a) algorithm=$OPTARG ;;
        c) config=$OPTARG ;;
        p) toolchain=$OPTARG ;;
        s) simulate=$OPTARG ;;
        *) echo "$usage" >&2; exit 1 ;;
    esac
done
if [ -z "$algorithm" ] || [ -z "$config" ] || [ -z "$toolchain" ]; then
    echo "$usage" >&2
    exit 1
fi

cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
top=$PWD
# Relative to where the caller is, or to this tree.
cd "$OLDPWD" && toolchain=$(cd "$toolchain" && pwd) || exit 1
cd "$top" || exit 1
# shellcheck disable=SC1090 # the config is the user's
source "$config" || exit 1
cd "$toolchain" && source cfg_env.sh || exit 1
cd "$top/$algorithm" || exit 1

read -r -a chips <<< "${CHIP_LIST[*]}"
read -r -a models <<< "${Model_LIST[*]}"
read -r -a sizes <<< "${INPUT_SIZE_LIST[*]}"
read -r -a inis <<< "${INPUT_INI_LIST[*]}"
read -r -a classes <<< "${CLASS_NUM_LIST[*]}"
read -r -a names <<< "${SAVE_NAME_LIST[*]}"
for chip in "${chips[@]}"; do
    folder="$top/output/${chip}_$(date +%Y%m%d)"
    mkdir -p "$folder"
    for index in "${!models[@]}"; do
        bash convert.sh "$chip" "${models[index]}" "${sizes[index]}" "${inis[index]}" "${classes[index]}" \
            "${names[index]}" "$QUANT_DATA_PATH" "$folder" "$simulate"
    done
done
