//! Rules about what the cluster will receive: SY1xxx the tree, SY2xxx its objects.

use super::Rule;
use crate::check::{FleetContext, Found, ReleaseContext};

mod sy1001_not_rendered;
mod sy1002_not_checked;
mod sy1003_lifecycle;
mod sy1004_secret_in_clear;
mod sy1005_plain_secret_object;
mod sy1006_not_in_library;
mod sy1007_rendered_without_charts;
mod sy1008_unread_value;
mod sy1009_lock_mismatch;
mod sy2001_selects_nothing;
mod sy2002_missing_reference;
mod sy2003_duplicate_object;
mod sy2004_over_quota;
mod sy2005_image_not_pinned;
mod sy2006_before_definition;

pub(crate) use sy1001_not_rendered::RULE as NOT_RENDERED_RULE;
pub(crate) use sy1007_rendered_without_charts::RULE as RENDERED_WITHOUT_CHARTS_RULE;
pub(crate) use sy1008_unread_value::{check as unread_values, keys};
pub(crate) use sy1009_lock_mismatch::check as lock_mismatch;

/// Every rule about the tree and its objects.
pub const ALL: &[Rule] = &[
    sy1001_not_rendered::RULE,
    sy1002_not_checked::RULE,
    sy1003_lifecycle::RULE,
    sy1004_secret_in_clear::RULE,
    sy1005_plain_secret_object::RULE,
    sy1006_not_in_library::RULE,
    sy1007_rendered_without_charts::RULE,
    sy1008_unread_value::RULE,
    sy1009_lock_mismatch::RULE,
    sy2001_selects_nothing::RULE,
    sy2002_missing_reference::RULE,
    sy2003_duplicate_object::RULE,
    sy2004_over_quota::RULE,
    sy2005_image_not_pinned::RULE,
    sy2006_before_definition::RULE,
];

/// Rules that need one release's objects.
pub(crate) const RELEASE_RULES: &[fn(&ReleaseContext<'_>, &mut Vec<Found>)] =
    &[sy1005_plain_secret_object::check, sy2004_over_quota::check, sy2005_image_not_pinned::check];

/// Rules that need the whole fleet.
pub(crate) const FLEET_RULES: &[fn(&FleetContext<'_>, &mut Vec<Found>)] = &[
    sy1002_not_checked::check,
    sy1003_lifecycle::check,
    sy1004_secret_in_clear::check,
    sy1006_not_in_library::check,
    sy2001_selects_nothing::check,
    sy2002_missing_reference::check,
    sy2003_duplicate_object::check,
    sy2006_before_definition::check,
];
