//! The world outside: hosts, cluster, services, stores, object storage.
