-- Services change their kind and nation, too: what was agreed before keeps its dates and windows.
GRANT UPDATE (kind, nation) ON services TO throughline_app;
