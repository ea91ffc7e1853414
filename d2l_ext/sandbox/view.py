"""What of the machine's files a submission may see: Python, the environment, system libraries."""

import os
import sys
from pathlib import Path

import d2l_ext

SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/sys/devices/system/cpu")
# Of /etc no more than libraries look for; never passwords, not even where root grades.
SETTINGS = (
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime"),
    *("/etc/timezone", "/etc/alternatives", "/etc/fonts", "/etc/mime.types", "/etc/nsswitch.conf"),
)
DATA_VARIABLE = "D2L_EXT_DATA"


def readable() -> list[str]:
    """The paths that exist of all that a kernel needs to read.

    Of an editable checkout this is the folder `d2l_ext` alone: never solutions, nor submissions.
    """
    package = Path(d2l_ext.__file__).parent
    python = [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix]
    python += [entry for entry in sys.path if "site-packages" in Path(entry).parts]
    data = [os.environ[DATA_VARIABLE]] if os.environ.get(DATA_VARIABLE) else []
    wanted = [*SYSTEM, *SETTINGS, *python, str(package), *data]
    return [path for path in dict.fromkeys(wanted) if Path(path).exists()]
