//! Structs, read from objects.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{DeriveInput, Error, FieldsNamed};

use crate::attributes::Attributes;

pub fn reader(input: &DeriveInput, fields: &FieldsNamed) -> Result<TokenStream, Error> {
    let name = &input.ident;
    let (mut slots, mut names, mut arms, mut built) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for field in &fields.named {
        let Attributes { rename, default, skip, .. } = Attributes::of(&field.attrs)?;
        let (ident, ty) = (&field.ident, &field.ty);
        if skip {
            let default = default.unwrap_or_else(|| quote!(::core::default::Default::default()));
            built.push(quote!(#ident: #default));
            continue;
        }
        let key = rename.unwrap_or_else(|| ident.as_ref().map(ToString::to_string).unwrap_or_default());
        let (at, slot, required) = (names.len(), format_ident!("field_{}", names.len()), default.is_none());
        slots.push(quote!(#slot: ::core::option::Option<#ty>));
        names.push(quote!(record::Field { name: #key, required: #required }));
        arms.push(quote!(#at => self.#slot = ::core::option::Option::Some(record::value(value, location)?)));
        // What is missing, `record::read` has told.
        let absent = default.unwrap_or_else(|| quote!(return ::core::result::Result::Err(record::missing())));
        built.push(quote!(#ident: match found.#slot { ::core::option::Option::Some(value) => value, _ => #absent }));
    }
    let Attributes { allow_unknown, validate, .. } = Attributes::of(&input.attrs)?;
    let unknown = if allow_unknown { quote!(Ignored) } else { quote!(Refused) };
    let validated = match validate {
        Some(function) => quote!(#function(built, location)),
        None => quote!(::core::result::Result::Ok(built)),
    };
    Ok(quote! {
        const _: () = {
            use ::sluicegate_common::config::{ConfigErrors, record};

            #[derive(Default)]
            struct Found { #(#slots,)* }

            impl<V: ::deserr::IntoValue> record::Fields<V> for Found {
                fn set(
                    &mut self,
                    at: usize,
                    value: ::deserr::Value<V>,
                    location: ::deserr::ValuePointerRef<'_>,
                ) -> ::core::result::Result<(), ConfigErrors> {
                    match at { #(#arms,)* _ => {} }
                    ::core::result::Result::Ok(())
                }
            }

            impl ::deserr::Deserr<ConfigErrors> for #name {
                fn deserialize_from_value<V: ::deserr::IntoValue>(
                    value: ::deserr::Value<V>,
                    location: ::deserr::ValuePointerRef<'_>,
                ) -> ::core::result::Result<Self, ConfigErrors> {
                    let mut found = Found::default();
                    record::read(value, location, &[#(#names,)*], record::Unknown::#unknown, &mut found)?;
                    let built = Self { #(#built,)* };
                    #validated
                }
            }
        };
    })
}
