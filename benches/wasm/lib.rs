//! Nothing: the filters are the examples of this package.
