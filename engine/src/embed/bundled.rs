//! Where are the parts of the embedder that comes with docent?

use std::path::{Path, PathBuf};

use super::EmbedError;

/// The files that embedding needs: ONNX Runtime's library and the default embedder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundled {
    /// ONNX Runtime's shared library.
    pub runtime: PathBuf,
    /// The folder of the default embedder.
    pub embedder: PathBuf,
}

impl Bundled {
    /// The files as they lie in `folder`: `libonnxruntime.so` (as this system names it) and `embedder/`. It is the folder
    /// of the program, or the one that the set-up fills.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            runtime: folder.join(format!(
                "{}onnxruntime{}",
                std::env::consts::DLL_PREFIX,
                std::env::consts::DLL_SUFFIX
            )),
            embedder: folder.join("embedder"),
        }
    }

    /// Says which file is missing, if one is.
    pub fn check(&self) -> Result<(), EmbedError> {
        if !self.runtime.is_file() {
            return Err(EmbedError::RuntimeMissing { path: self.runtime.clone() });
        }
        let model = self.embedder.join("model.onnx");
        if model.is_file() { Ok(()) } else { Err(EmbedError::Missing { path: model }) }
    }
}
