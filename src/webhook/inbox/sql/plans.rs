//! What a claim and a settlement ask goes by keys, whatever else waits and whatever the planner knows of it.
