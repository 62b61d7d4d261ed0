"""Reading, changing and showing config.toml: the public names of this package's config side."""

from wizard.formats.config_edit import REMOVE, ConfigEdit, Removal, edit_config, new_config
from wizard.formats.config_mask import mask_config
from wizard.formats.config_view import ConfigView, SkipForm, SmtpValues, parse_config
from wizard.formats.references import choose_reference, secret_reference

__all__ = [
    "REMOVE",
    "ConfigEdit",
    "ConfigView",
    "Removal",
    "SkipForm",
    "SmtpValues",
    "choose_reference",
    "edit_config",
    "mask_config",
    "new_config",
    "parse_config",
    "secret_reference",
]
