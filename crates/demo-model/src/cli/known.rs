//! x
use super::Program;
use crate::reading::Reading;
pub fn find(_reading: &Reading) -> Option<Program> {
    None
}
