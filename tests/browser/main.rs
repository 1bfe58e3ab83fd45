//! Journeys in a real Chromium.
#![cfg(test)]
