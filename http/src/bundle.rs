//! A file that is served as it is, with its compressed forms made before.

use std::borrow::Cow;

use actix_web::http::header::{self, AcceptEncoding, ContentEncoding, Encoding, EntityTag, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};

/// A file and its compressed forms.
pub(crate) struct Bundle {
    content_type: &'static str,
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
    etag: EntityTag,
}

impl Bundle {
    /// A file of a folder that was built in, with its `.br` and `.gz`; `None` if the binary was built without.
    pub(crate) fn built_in<Folder: RustEmbed>(name: &str, content_type: &'static str) -> Option<Self> {
        let plain = Folder::get(name)?;
        let compressed = |extension| Folder::get(&format!("{name}{extension}")).map(bytes);
        // The build's, so that no file is read before somebody asks for it.
        let etag = etag(&plain.metadata.sha256_hash());
        Some(Self { content_type, plain: bytes(plain), brotli: compressed(".br"), gzip: compressed(".gz"), etag })
    }

    /// These bytes, without compressed forms.
    pub(crate) fn of(content_type: &'static str, plain: Bytes) -> Self {
        let etag = etag(&Sha256::digest(&plain).into());
        Self { content_type, plain, brotli: None, gzip: None, etag }
    }

    /// The file, or that the one the browser has is still the current one. `headers` go into both answers.
    pub(crate) fn respond(&self, request: &HttpRequest, headers: &[(&'static str, &'static str)]) -> HttpResponse {
        let current = match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => true,
            Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&self.etag)),
            Err(_) => false,
        };
        let mut response = if current { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response.insert_header(header::ETag(self.etag.clone())).insert_header((header::VARY, "Accept-Encoding"));
        for header in headers {
            response.insert_header(*header);
        }
        if current {
            return response.finish();
        }
        let (form, encoding) = self.negotiate(request);
        if let Some(encoding) = encoding {
            response.insert_header(encoding);
        }
        response.insert_header((header::CONTENT_TYPE, self.content_type)).body(form)
    }

    fn negotiate(&self, request: &HttpRequest) -> (Bytes, Option<ContentEncoding>) {
        let accepted = AcceptEncoding::parse(request).ok();
        let available = [(ContentEncoding::Brotli, &self.brotli), (ContentEncoding::Gzip, &self.gzip)];
        available
            .into_iter()
            .filter_map(|(encoding, form)| Some((encoding, form.clone()?)))
            .find(|(encoding, _)| accepts(accepted.as_ref(), *encoding))
            .map_or_else(|| (self.plain.clone(), None), |(encoding, form)| (form, Some(encoding)))
    }
}

fn bytes(file: EmbeddedFile) -> Bytes {
    match file.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    }
}

/// Weak, because the compressed forms share it.
fn etag(digest: &[u8; 32]) -> EntityTag {
    EntityTag::new_weak(digest[..12].iter().map(|byte| format!("{byte:02x}")).collect())
}

fn accepts(accepted: Option<&AcceptEncoding>, encoding: ContentEncoding) -> bool {
    let encoding = Encoding::Known(encoding);
    accepted.is_some_and(|accepted| accepted.negotiate([&encoding].into_iter()).as_ref() == Some(&encoding))
}
