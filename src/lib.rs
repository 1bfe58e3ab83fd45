//! Throughline.
