"""Prints the templates of a folder at which checkov's own code fails, each looked at alone."""

import logging
import os
import sys

logging.disable(logging.CRITICAL)

from checkov.arm.runner import Runner
from checkov.runner_filter import RunnerFilter

folder = sys.argv[1]
for name in sorted(os.listdir(folder)):
    try:
        path = os.path.join(folder, name)
        Runner().run(root_folder=None, files=[path], runner_filter=RunnerFilter(framework=["arm"]))
    except Exception:
        print(name)
