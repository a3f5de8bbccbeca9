//! Structs, read from objects.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{DeriveInput, Error, FieldsNamed, GenericArgument, Ident, PathArguments, Type};

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
        let reader = reader_of(ty);
        arms.push(quote!(#at => self.#slot = ::core::option::Option::Some(record::#reader(value, location)?)));
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

/// Which function of `record` reads a field of this type, which is recognised by its name: lists share one loop.
fn reader_of(ty: &Type) -> Ident {
    let of_option = element_of(ty, "Option").and_then(|of| element_of(of, "Vec"));
    let name = match (element_of(ty, "Vec"), of_option) {
        (Some(_), _) => "list",
        (None, Some(_)) => "optional_list",
        (None, None) => "value",
    };
    format_ident!("{name}")
}

/// `T`, of a type `name<T>`.
fn element_of<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(element)) => Some(element),
        _ => None,
    }
}
