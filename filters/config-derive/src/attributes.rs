//! `#[config(...)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Error, Expr, LitStr, Path, Type};

/// What an attribute says of a type, a field or a variant.
#[derive(Default)]
pub struct Attributes {
    /// The name in the config, where it is not the one in the code.
    pub rename: Option<String>,
    /// The value where the config has none.
    pub default: Option<TokenStream>,
    /// The default as the config would write it, in JSON, where the value in the code does not say it.
    pub shown: Option<String>,
    /// What it is described as, where another type reads it.
    pub described: Option<Type>,
    /// The config cannot have it.
    pub skip: bool,
    /// Names that no field has are others' business.
    pub allow_unknown: bool,
    /// Looks at what was read.
    pub validate: Option<Path>,
}

impl Attributes {
    /// Reads those among `attributes` that are ours.
    pub fn of(attributes: &[Attribute]) -> Result<Self, Error> {
        let mut found = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("config")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("default") {
                    found.default = Some(match meta.value() {
                        Ok(value) => {
                            let value: Expr = value.parse()?;
                            quote!(#value)
                        }
                        Err(_) => quote!(::core::default::Default::default()),
                    });
                } else if meta.path.is_ident("rename") {
                    found.rename = Some(meta.value()?.parse::<LitStr>()?.value());
                } else if meta.path.is_ident("shown") {
                    found.shown = Some(meta.value()?.parse::<LitStr>()?.value());
                } else if meta.path.is_ident("described") {
                    found.described = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("skip") {
                    found.skip = true;
                } else if meta.path.is_ident("allow_unknown") {
                    found.allow_unknown = true;
                } else if meta.path.is_ident("validate") {
                    found.validate = Some(meta.value()?.parse()?);
                } else {
                    return Err(meta.error(
                        "expected `allow_unknown`, `default`, `described`, `rename`, `shown`, `skip` or `validate`",
                    ));
                }
                Ok(())
            })?;
        }
        Ok(found)
    }
}
