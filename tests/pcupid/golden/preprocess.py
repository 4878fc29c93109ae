"""Input 'images' for the calibrator and the simulators; runs on their Python 3.7 and numpy 1.17."""

import numpy as np

SHAPE = (1, 1, 114688)


def image_preprocess(path, norm=True):
    """The array at `path`: float32 in SHAPE. Raw input knows no normalising, so `norm` changes nothing."""
    return get_image(path, norm=norm)


def get_image(path, norm=True, nchw=False):
    """The same; the axes are in the order of the ONNX model whether `nchw` is true or not."""
    array = np.load(path, allow_pickle=False)
    if array.shape != SHAPE or array.dtype != np.float32:
        found = "{} in {}".format(array.dtype, array.shape)
        raise ValueError("{}: expected float32 in {}, found {}".format(path, SHAPE, found))
    return array
