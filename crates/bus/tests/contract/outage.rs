//! A Redis that is restarted, emptied, damaged or silent.
