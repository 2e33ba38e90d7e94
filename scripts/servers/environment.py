"""Makes a virtual environment in a folder, and installs the packages that a file of requirements names."""

import os
import subprocess
import sys
import venv

folder, requirements = sys.argv[1:]
windows = os.name == "nt"
venv.create(folder, with_pip=True, symlinks=not windows)
python = os.path.join(folder, "Scripts" if windows else "bin", "python")
install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements]
sys.exit(subprocess.run(install).returncode)
