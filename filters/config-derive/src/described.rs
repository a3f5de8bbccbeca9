//! `#[derive(Described)]`: what a config type takes, for people and editors.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Error, Expr, ExprLit, Fields, Lit, Meta};

use crate::attributes::Attributes;
use crate::choice::snake_case;

pub fn description(input: &DeriveInput) -> Result<TokenStream, Error> {
    let name = &input.ident;
    let body = match &input.data {
        Data::Struct(data) => of_struct(input, &data.fields)?,
        Data::Enum(data) => {
            let (mut words, mut arms) = (Vec::new(), Vec::new());
            for variant in &data.variants {
                let ident = &variant.ident;
                let rename = Attributes::of(&variant.attrs)?.rename;
                let word = rename.unwrap_or_else(|| snake_case(&ident.to_string()));
                arms.push(quote!(Self::#ident => #word));
                words.push(word);
            }
            quote! {
                fn schema() -> ::serde_json::Value { ::sluicegate_common::describe::words(&[#(#words,)*]) }
                fn kind() -> ::std::string::String { ::sluicegate_common::describe::one_of(&[#(#words,)*]) }
                fn shown(&self) -> ::serde_json::Value { ::serde_json::Value::from(match self { #(#arms,)* }) }
            }
        }
        Data::Union(_) => return Err(Error::new_spanned(input, "a union cannot be read")),
    };
    Ok(quote! { impl ::sluicegate_common::describe::Described for #name { #body } })
}

fn of_struct(input: &DeriveInput, fields: &Fields) -> Result<TokenStream, Error> {
    let mut described = Vec::new();
    for field in fields {
        let Attributes { rename, default, shown, described: ty, skip, .. } = Attributes::of(&field.attrs)?;
        if skip {
            continue;
        }
        let Some(ident) = &field.ident else { return Err(Error::new_spanned(field, "expected named fields")) };
        let (ty, key, doc) =
            (ty.as_ref().unwrap_or(&field.ty), rename.unwrap_or_else(|| ident.to_string()), doc_of(&field.attrs));
        let default = match default {
            Some(default) if shown.is_none() => {
                quote!(::core::option::Option::Some({ let default: #ty = #default; default }))
            }
            _ => quote!(::core::option::Option::None),
        };
        let shown = shown.map(|json| quote!(.shown_as(#json)));
        described.push(quote!(::sluicegate_common::describe::Field::of::<#ty>(#key, #doc, #default) #shown));
    }
    let open = Attributes::of(&input.attrs)?.allow_unknown;
    Ok(quote! {
        fn schema() -> ::serde_json::Value { ::sluicegate_common::describe::object(&Self::fields(), #open) }
        fn kind() -> ::std::string::String { "object".into() }
        fn fields() -> ::std::vec::Vec<::sluicegate_common::describe::Field> { ::std::vec![#(#described,)*] }
    })
}

/// The doc comment, on one line.
fn doc_of(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(doc) if doc.path.is_ident("doc") => match &doc.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join(" ").trim().to_owned()
}
