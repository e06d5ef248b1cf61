#!/bin/sh
# After site.yml: nothing more.
