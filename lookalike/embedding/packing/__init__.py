"""Making model packs out of exports of CLIP and SigLIP: fetching, adapting, checking, calibrating.

Only the command line comes here. What serves reads finished packs, by `embedding/packs.py`."""
