"""perch's own fault injection: three real nodes in network namespaces, a
load, faults, and a judge. README.md is the way in."""
