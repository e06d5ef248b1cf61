#!/bin/sh
# Before site.yml: Debian's own PyTorch and pip, and what the faults need to make libraries that are wrong.
set -eu
apt-get update -qq
apt-get install -y -qq --no-install-recommends libomp5-14 patchelf python3-pip python3-torch python3-venv tcc >/dev/null
apt-get clean
ln -s /opt/dnnready/bin/dnnready /usr/local/bin/dnnready
