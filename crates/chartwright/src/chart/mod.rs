//! Charts: loading, dependencies, values, rendering a release, manifests in install order.
