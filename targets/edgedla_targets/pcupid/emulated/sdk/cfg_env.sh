# Environment of the edgedla emulated toolchain. Source it in its own folder, as the vendor's:
#     cd <this folder> && source cfg_env.sh
# EDGEDLA_PYTHON may name the Python that has edgedla; `bin/python3` finds it otherwise.

if [ ! -f "$PWD/Scripts/ConvertTool/ConvertTool.py" ]; then
    echo "cfg_env.sh must be sourced in its own folder" >&2
    return 1
fi
export SGS_IPU_DIR="$PWD"
export PYTHONPATH="$SGS_IPU_DIR/Scripts${PYTHONPATH:+:$PYTHONPATH}"
export LD_LIBRARY_PATH="$SGS_IPU_DIR/libs/x86_64${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export PATH="$SGS_IPU_DIR/bin:$PATH"

# In a source tree or a `pip install --target` folder the packages are not on the interpreter's own path.
_edgedla_root=$(cd ../../../.. && pwd)
case "$_edgedla_root" in
    */site-packages | */dist-packages) ;;
    *)
        if [ -d "$_edgedla_root/edgedla_targets" ]; then
            export PYTHONPATH="$PYTHONPATH:$_edgedla_root"
        fi
        if [ -d "$_edgedla_root/../core/edgedla" ]; then
            export PYTHONPATH="$PYTHONPATH:$(cd "$_edgedla_root/../core" && pwd)"
        fi
        ;;
esac
unset _edgedla_root
