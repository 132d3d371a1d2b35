//! Spec, plan, tree, objects, findings: the pure stages of Storeyard.
