//! x
use super::App;
use crate::reading::Reading;
pub fn find(_reading: &Reading) -> Option<App> {
    None
}
