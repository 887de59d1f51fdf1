"""torchaudio, also where its compiled part does not fit the installed torch.

The wheel of PyPI is a CUDA build; beside a CPU torch its libraries fail to load, `import torchaudio`
raises, and so does `transformers`, which imports it. All that this project uses (transforms, resampling,
augmentation) is plain PyTorch, so the compiled part is left out and everything else loaded. Import this
module before `transformers`:

    from ml.torchaudio_guard import torchaudio
"""

import importlib
import sys
from types import ModuleType
from typing import Any, NoReturn

__all__ = ["MISSING", "TorchaudioUnavailable", "torchaudio"]

COMPILED_ONLY = ("functional.forced_align", "functional.rnnt_loss")
_EXTENSION = "torchaudio._extension"


class TorchaudioUnavailable(ImportError):
    """torchaudio is not installed, or not even its plain PyTorch part loads."""


def _import() -> tuple[ModuleType, tuple[str, ...]]:
    try:
        return importlib.import_module("torchaudio"), ()
    except ModuleNotFoundError as error:
        raise TorchaudioUnavailable("torchaudio is not installed: pip install torchaudio") from error
    except (OSError, ImportError) as unfit:
        _forget()
        sys.modules[_EXTENSION] = _stand_in(unfit)
        try:
            return importlib.import_module("torchaudio"), COMPILED_ONLY
        except Exception as error:
            _forget()
            raise TorchaudioUnavailable(
                f"torchaudio does not load beside this torch, even without its compiled part: {error}"
            ) from error


def _forget() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "torchaudio"]:
        del sys.modules[name]


def _stand_in(unfit: Exception) -> ModuleType:
    """The module that loads the compiled part, with the answer that there is none."""

    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise TorchaudioUnavailable(f"this needs torchaudio's compiled part, which does not load: {unfit}")

    module = ModuleType(_EXTENSION)
    vars(module).update(
        _IS_TORCHAUDIO_EXT_AVAILABLE=False,
        _IS_ALIGN_AVAILABLE=False,
        _check_cuda_version=lambda: None,
        _load_lib=lambda _: False,
        fail_if_no_align=lambda _: refuse,
    )
    return module


torchaudio, MISSING = _import()
"""The package, and which of its functions cannot work here (none where its compiled part loads)."""
