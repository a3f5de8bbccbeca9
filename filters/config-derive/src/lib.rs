//! `#[derive(FromConfig)]`: reads a config type, as `deserr::Deserr<ConfigErrors>` wants it.
//!
//! deserr's own derive writes the whole loop over an object's fields into every type, 0.5 KB a field, which comes to a
//! seventh of the gateway's module. This one leaves the loop, and all errors but those of a field's type, to
//! `sluicegate_common::config::record`.
//!
//! 1. A struct with named fields is read from an object. A field is required unless it has `#[config(default)]` or
//!    `#[config(default = expression)]`. Names that no field has are errors, unless the struct is
//!    `#[config(allow_unknown)]`: one of several that are read from one object.
//!    Lists, written `Vec<T>` or `Option<Vec<T>>`, share the loop over their elements.
//! 2. An enum of variants without fields is read from a string, the variant's name in snake_case.
//! 3. `#[config(rename = "name")]` names a field or a variant otherwise. `#[config(skip)]` is a field that no config
//!    can say; it takes its default.
//! 4. `#[config(validate = function)]` on a struct: `fn(Self, ValuePointerRef) -> Result<Self, ConfigErrors>` has the
//!    last word.
//!
//! `#[derive(Described)]` describes the same types for editors and tables: names, doc comments, defaults, words.
//! `#[config(shown = "204")]` is a default that the code knows otherwise, in JSON. It is for native builds alone, `#[cfg_attr(not(target_family = "wasm"), derive(Described))]`: no module holds a byte of it.

mod attributes;
mod choice;
mod described;
mod object;

use proc_macro2::TokenStream;
use syn::{Data, DeriveInput, Error, Fields};

/// See the crate's documentation.
#[proc_macro_derive(FromConfig, attributes(config))]
pub fn from_config(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    syn::parse(input).and_then(|input| expand(&input)).unwrap_or_else(Error::into_compile_error).into()
}

/// See the crate's documentation.
#[proc_macro_derive(Described, attributes(config))]
pub fn described(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    syn::parse(input).and_then(|input| described::description(&input)).unwrap_or_else(Error::into_compile_error).into()
}

fn expand(input: &DeriveInput) -> Result<TokenStream, Error> {
    if !input.generics.params.is_empty() {
        return Err(Error::new_spanned(&input.generics, "a config type has no parameters"));
    }
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => object::reader(input, fields),
            fields => Err(Error::new_spanned(fields, "expected named fields")),
        },
        Data::Enum(data) => choice::reader(input, data),
        Data::Union(_) => Err(Error::new_spanned(input, "a union cannot be read")),
    }
}
