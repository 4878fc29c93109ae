#!/bin/bash
# Called by ../../convert.sh with chip, model, input size, ini, number of classes, save name, calibration data,
# output folder, and whether to simulate. The input's shape is the model's own. Like the vendor's, it does not
# stop at a failure and its exit status says nothing: look for the files.

chip=$1 model=onnx/$2.onnx ini=$4 name=${6%.img} data=$7 folder=$8 simulate=$9
scripts="$SGS_IPU_DIR/Scripts"

if [ "$simulate" = true ]; then
    python3 "$scripts/calibrator/simulator.py" -i "$data" -m "$folder/${name}_float.sim" -n preprocess.py \
        --soc_version "$chip"
    exit 0
fi
size=$(python3 -m edgedla_targets.pcupid.emulated.shapes "$model" "$ini")
python3 "$scripts/ConvertTool/ConvertTool.py" onnx --model_file "$model" --input_shape "$size" \
    --input_config "$ini" --output_file "$folder/${name}_float.sim" --soc_version "$chip"
python3 "$scripts/calibrator/calibrator.py" -i "$data" -m "$folder/${name}_float.sim" --input_config "$ini" \
    -n preprocess.py -o "$folder/${name}_fixed.sim" --soc_version "$chip"
python3 "$scripts/calibrator/compiler.py" -m "$folder/${name}_fixed.sim" -o "$folder/$name.img" \
    --soc_version "$chip"
exit 0
