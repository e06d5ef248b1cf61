#!/bin/sh
# After site.yml: environments of somebody else, with the files of the stacks, and programs and libraries of other systems.
set -eu
for stack in pytorch tensorflow; do
  # Hard links: a fault that changes one name leaves the other.
  cp -al "/opt/dnnready/stacks/$stack/current/venv" "/srv/$stack"
  "/srv/$stack/bin/python" -m ensurepip >/dev/null
done

# Real libraries for other processors, and another processor, from Debian.
dpkg --add-architecture arm64
dpkg --add-architecture i386
apt-get update -qq
mkdir -p /srv/other
cd /srv/other
apt-get download -qq libdnnl2:arm64 libgomp1:arm64 libgomp1:i386 qemu-user-static
for architecture in arm64 i386; do
  for package in ./*"_$architecture.deb"; do
    dpkg-deb --extract "$package" "$architecture"
  done
done
dpkg-deb --fsys-tarfile qemu-user-static_*.deb | tar --extract ./usr/bin/qemu-x86_64-static
rm ./*.deb
dpkg --remove-architecture arm64
dpkg --remove-architecture i386
apt-get update -qq
