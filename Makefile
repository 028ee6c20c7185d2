# make lab · make test · make bench
#
#   PYTHON=/path/to/python3.11       another Python than the one that is found
#   TORCH_INDEX=address              the index torch alone is taken from, for example that of its CPU builds
#   LAB="--languages ru --port 9000" options for `course lab`
#   THOROUGH=1                       every lesson the whole way, as CI tries them; `make test` takes the first two and the newest
#   REQUIRE_BROWSER=1                without Chromium `make test` fails, instead of leaving the browser tests out
#   VENV=folder                      where the virtual environment is made

VENV ?= .venv
PYTHON ?= $(firstword $(foreach one,python3.11 python3.12 python3.13 python3 python,$(shell command -v $(one) 2>/dev/null)))
LAB ?=
PYTEST_WORKERS ?= 2

BIN := $(VENV)/bin
# An editable installation copies the lab extension, so a change in it is installed anew.
EXTENSION := $(shell find course/labextension -type f 2>/dev/null)
# nbgrader looks for a command of its own environment (alembic) by name.
export PATH := $(if $(filter /%,$(BIN)),$(BIN),$(CURDIR)/$(BIN)):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Where it is set, every kernel and server that is started compiles the course anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: lab test bench ready lint test-unit test-nbgrader test-browser browser install wheel help

lab: $(VENV)/.installed
	@$(BIN)/course lab $(LAB)

install: $(VENV)/.installed

# -- the virtual environment: each stamp is made when its step is done, so that a step which was stopped is done again ------

$(VENV)/.made:
	@test -n "$(PYTHON)" || { \
	  echo "Нужен Python 3.11 или новее, а Python не найден. Установите его или укажите: make lab PYTHON=/path/to/python3.11"; \
	  echo "需要 Python 3.11 或更新版本，但没有找到 Python。安装它，或指明路径：make lab PYTHON=/path/to/python3.11"; \
	  echo "Python 3.11 or newer is needed, and no Python was found. Install it, or name it: make lab PYTHON=/path/to/python3.11"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Нужен Python 3.11 или новее, а здесь $$("$(PYTHON)" --version 2>&1) ($(PYTHON)). Укажите другой: make lab PYTHON=/path/to/python3.11"; \
	  echo "需要 Python 3.11 或更新版本，这里是 $$("$(PYTHON)" --version 2>&1)（$(PYTHON)）。可以指明另一个：make lab PYTHON=/path/to/python3.11"; \
	  echo "Python 3.11 or newer is needed; this is $$("$(PYTHON)" --version 2>&1) ($(PYTHON)). Name another: make lab PYTHON=/path/to/python3.11"; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "У $(PYTHON) нет модулей venv и ensurepip. В Debian и Ubuntu: apt install python3-venv"; \
	  echo "$(PYTHON) 缺少 venv 和 ensurepip 模块。在 Debian 和 Ubuntu 上：apt install python3-venv"; \
	  echo "$(PYTHON) lacks the modules venv and ensurepip. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Установка займёт несколько минут. · 安装需要几分钟。 · The installation takes a few minutes."
	"$(PYTHON)" -m venv "$(VENV)"
# The pip that comes with Python may be years old, and compares every file of every index page; without a newer one it goes on.
	@$(BIN)/pip install --quiet --upgrade pip || true
	@touch $@

# --no-deps: an index of torch builds alone need not have what torch needs; the next step brings that from pip's own index.
$(VENV)/.torch: $(VENV)/.made constraints.txt
	$(BIN)/pip install --quiet --no-deps $(if $(TORCH_INDEX),--index-url "$(TORCH_INDEX)") -c constraints.txt torch
	@touch $@

$(VENV)/.installed: $(VENV)/.torch pyproject.toml constraints.txt $(EXTENSION)
	$(BIN)/pip install --quiet -c constraints.txt -e ".[menus]"
	@touch $@

# What the tests need holds what the course needs: one step, where neither is there yet.
$(VENV)/.tests: $(VENV)/.torch pyproject.toml constraints.txt $(EXTENSION)
	$(BIN)/pip install --quiet -c constraints.txt -e ".[menus,test]"
	@touch $(VENV)/.installed $@

# -- tests: `make test` runs them all in one go, and each part can be run alone ----------------------------------------------

# Workers run a file's tests together, so that what a file builds is built once, and one server and one browser serve it. In the
# order of their names: the browser's come first, and what is short comes last.
PYTEST := $(BIN)/pytest $(if $(THOROUGH),--thorough) -n $(PYTEST_WORKERS) --dist loadfile --no-loadscope-reorder
# Threads that wait for each other take the time of the other worker.
test test-unit test-nbgrader test-browser: export OMP_NUM_THREADS := 1

test: ready
	$(PYTEST)

# Chromium comes from Debian while pip installs: they wait for different things.
ready:
	@$(MAKE) --no-print-directory -j2 $(VENV)/.tests browser

# Ruff and mypy, which are unit tests too: there a worker runs mypy while the other goes on.
lint: $(VENV)/.tests
	$(BIN)/pytest tests/test_code.py

test-unit: $(VENV)/.tests
	$(PYTEST) -m "not slow and not browser"

test-nbgrader: $(VENV)/.tests
	$(PYTEST) -m "slow and not browser"

test-browser: ready
	$(PYTEST) -m browser

# Chromium and a font with Chinese, where they can be had: as root on Debian or a relative of it.
browser:
	@there() { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null; \
	font() { ! command -v fc-list || fc-list :lang=zh | grep .; } >/dev/null; \
	if there && font; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing Chromium and a Chinese font"; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk; } >/dev/null \
	    || { echo "They could not be installed."; there || test -z "$(REQUIRE_BROWSER)"; }; \
	elif ! there; then \
	  echo "No Chromium here, and it cannot be installed without root and apt-get: the browser tests are left out."; \
	  test -z "$(REQUIRE_BROWSER)"; \
	fi

bench: $(VENV)/.tests
	$(BIN)/python benchmarks/bench.py

# What students install: no solutions are in it. dist/nn_linear_by_hand-….whl
wheel: $(VENV)/.tests
	$(BIN)/python -m build --wheel --no-isolation
