"""From host facts and wishes to release specs: what would be built here, or why not."""
