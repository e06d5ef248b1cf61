#!/bin/sh
# Make a service that convolves with PyTorch: unit.sh NAME [Setting=value …]
set -eu
unit="/etc/systemd/system/$1.service"
shift
cat >"$unit" <<END
[Unit]
Description=A service that convolves

[Service]
Type=notify
NotifyAccess=all
TimeoutStartSec=45
ExecStart=/srv/pytorch/bin/python /faults/programs/service.py
END
for setting in "$@"; do
  # The last ExecStart= is the one that counts, after an empty one.
  case "$setting" in ExecStart=*) echo "ExecStart=" >>"$unit" ;; esac
  echo "$setting" >>"$unit"
done
systemctl daemon-reload
