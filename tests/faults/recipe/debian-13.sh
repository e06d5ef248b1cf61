#!/bin/sh
# Before site.yml.
set -eu
apt-get update -qq
ln -s /opt/dnnready/bin/dnnready /usr/local/bin/dnnready
