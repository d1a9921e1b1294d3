//! Lua: a .lua file becomes a plugin, through the hooks that every plugin has.
