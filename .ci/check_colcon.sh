#!/usr/bin/env bash
# Build the package with colcon as a ROS 2 workspace does, plain and with --symlink-install,
# and use the result from outside the checkout: executables, imports, shipped files.
#
#   .ci/check_colcon.sh [VENV]      (default .venv, made by `make venv-demo`)
#
# On a machine with ROS 2 this is what `colcon build` and `ros2 run` do by themselves; here
# colcon and the ROS 2 wheels share one virtual environment.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
venv=$(cd "$root" && cd "${1:-.venv}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Another interpreter's library path must not leak in, nor another workspace.
unset AMENT_PREFIX_PATH CMAKE_PREFIX_PATH COLCON_PREFIX_PATH LD_LIBRARY_PATH PYTHONPATH
unset _ROS_WHEELS_BOOTSTRAP_COMPLETE
export PATH="$venv/bin:$PATH" ROS_LOG_DIR="$work/ros_log" ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST
export COLCON_HOME="$work/colcon_home" COLCON_LOG_PATH="$work/log"

if ! python -c 'import colcon_ros' 2>/dev/null; then
  # colcon's --symlink-install needs `setup.py develop`, which setuptools 80 took away.
  python -m pip install --quiet colcon-bash colcon-core colcon-library-path colcon-metadata colcon-output \
    colcon-package-information colcon-package-selection colcon-python-setup-py \
    colcon-recursive-crawl colcon-ros colcon-test-result 'setuptools<80'
fi

check() {
  local kind=$1 prefix="$work/$1"
  shift
  echo "== colcon build $* ($kind)"
  # From a copy: an existing .egg-info or build folder of the checkout plays no part.
  rm -rf "$work/src" && mkdir -p "$work/src/sa4depth_ros"
  (cd "$root" && git ls-files -z | tar --null -T - -c) | tar -x -C "$work/src/sa4depth_ros"
  (cd "$work" && colcon build --base-paths src --build-base "$prefix/build" \
    --install-base "$prefix/install" "$@")
  (
    cd "$work"
    set +u
    # shellcheck disable=SC1091
    source "$prefix/install/setup.bash"
    set -u
    executables="$prefix/install/sa4depth_ros/lib/sa4depth_ros"
    python "$root/.ci/check_install.py" "$prefix/install/sa4depth_ros" "$kind"
    "$executables/sa4depth" --help >/dev/null
    echo "sa4depth --help: ok"
    python "$root/.ci/check_node_starts.py" "$executables/depth_node"
    python "$root/.ci/check_node_starts.py" "$executables/pose_node"
  )
}

check plain
check symlink --symlink-install
echo 'colcon: both builds work'
