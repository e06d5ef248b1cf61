"""Why conv2d does not run through the DNN library: causes, and what a log says about them."""
