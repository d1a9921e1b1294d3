//! What a component imports, linked.

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, HasSelf, Linker, ResourceType};
use wasmtime::{Engine, Error};

use super::wit::Imports;
use crate::guest::Guest;
use crate::settings::Load;

/// Something that a component imports.
pub(crate) struct Import {
    /// The interface that it is in; empty for none.
    pub(crate) interface: String,
    pub(crate) name: String,
    item: ComponentItem,
}

/// The package of our interfaces.
const OURS: &str = "portero:plugin/";

/// The functions for a component: those it may have, and traps in the place of those it may not have and of those that nobody
/// knows. The latter are named, or their interface where it is not one of ours.
///
/// # Errors
///
/// wasmtime's, of two functions with one name.
pub(crate) fn linker(
    engine: &Engine,
    component: &Component,
    load: &Load,
) -> wasmtime::Result<(Linker<Guest>, Vec<String>)> {
    let mut linker = Linker::new(engine);
    Imports::add_to_linker::<_, HasSelf<Guest>>(&mut linker, |guest| guest)?;
    let mut unknown = Vec::new();
    for import in imports(component) {
        let allowed = load.allows(&import.name);
        // a refusal takes the place of what is there, a trap for what nobody knows does not
        linker.allow_shadowing(!allowed);
        let why = if allowed { "there is no host function" } else { "the configuration does not allow" };
        if import.trap(&mut linker, why) && allowed {
            unknown.push(import.known_as());
        }
    }
    linker.allow_shadowing(false);
    unknown.dedup();
    Ok((linker, unknown))
}

/// All functions and resources that a component imports.
pub(crate) fn imports(component: &Component) -> Vec<Import> {
    let engine = component.engine();
    let mut all = Vec::new();
    let mut add = |interface: &str, name: &str, item| {
        if matches!(item, ComponentItem::ComponentFunc(_) | ComponentItem::Resource(_)) {
            all.push(Import { interface: interface.to_owned(), name: name.to_owned(), item });
        }
    };
    for (name, import) in component.component_type().imports(engine) {
        match import.ty {
            ComponentItem::ComponentInstance(interface) => {
                interface.exports(engine).for_each(|(function, export)| add(name, function, export.ty));
            }
            item => add("", name, item),
        }
    }
    all
}

impl Import {
    /// What is named where nobody knows it: all of an interface that is not ours.
    pub(crate) fn known_as(&self) -> String {
        match &*self.interface {
            "" => self.name.clone(),
            ours if ours.starts_with(OURS) => format!("{ours}.{}", self.name),
            other => other.to_owned(),
        }
    }

    /// Puts a trap in its place, and says whether it was free.
    fn trap(&self, linker: &mut Linker<Guest>, why: &str) -> bool {
        let message = format!("{why} '{}.{}'", self.interface, self.name);
        let mut root = linker.root();
        let place = match &*self.interface {
            "" => Ok(root),
            interface => root.instance(interface),
        };
        place
            .and_then(|mut place| match self.item {
                ComponentItem::Resource(_) => {
                    place.resource(&self.name, ResourceType::host::<()>(), |_, _| Ok(()))
                }
                _ => place.func_new(&self.name, move |_, _, _, _| Err(Error::msg(message.clone()))),
            })
            .is_ok()
    }
}
