#!/bin/bash
# Makes the lock files: the base's, then each extra's on top of it. Needs `uv`, and a look at the difference.
# What is pinned stays as it is unless `--upgrade` is given.
#
# All are made for CPython 3.11, the oldest Python that is supported, and serve x86-64 and arm64 Linux alike: where the
# two differ in the name of a package, both are in the file, each for its machine. An extra pins nothing that the base
# pins, and two extras pin what they share in one version.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

upgrade=("$@")
# compile ARCH FROM TO [ARGUMENT...]
compile() {
    uv pip compile --quiet --python-version 3.11 --python-platform "$1-manylinux_2_28" --only-binary :all: \
        --generate-hashes --no-emit-index-url --no-header --output-file "$3" "${upgrade[@]}" "${@:4}" "$2"
}

for arch in x86_64 aarch64; do
    cp requirements.lock "$work/base.$arch"
    compile "$arch" requirements.in "$work/base.$arch"
done
cmp "$work/base.x86_64" "$work/base.aarch64"
mv "$work/base.x86_64" requirements.lock

mapfile -t pinned < <(sed -n 's/^\([A-Za-z0-9._-]*\)==.*/\1/p' requirements.lock)
skip=()
for name in "${pinned[@]}"; do skip+=(--no-emit-package "$name"); done

# Triton compiles kernels for GPUs: 1 GB, loaded by nothing else.
cp torch.lock "$work/torch"
cp torch.lock "$work/torch.aarch64"
compile x86_64 torch.in "$work/torch" --constraint requirements.lock "${skip[@]}" --no-emit-package triton
compile aarch64 torch.in "$work/torch.aarch64" --constraint requirements.lock "${skip[@]}" --no-emit-package triton
cmp "$work/torch" "$work/torch.aarch64"
mv "$work/torch" torch.lock

# TensorFlow for CPUs has two names.
both=(--constraint requirements.lock --constraint torch.lock "${skip[@]}")
sed 's/ ; platform_machine[^\\]*/ /' tensorflow.lock | tee "$work/tf.x86_64" >"$work/tf.aarch64"
compile x86_64 tensorflow.in "$work/tf.x86_64" "${both[@]}"
compile aarch64 tensorflow.in "$work/tf.aarch64" "${both[@]}"
# block FILE NAME: the lines that pin one package.
block() { awk -v name="$2" '/^[a-z]/ { on = index($0, name "==") == 1 } on' "$1"; }
without() { awk -v name="$2" '/^[a-z]/ { on = index($0, name "==") == 1 } !on' "$1" | sed "s/via $2$/via tensorflow/; s/  $2$/  tensorflow/"; }
cmp <(without "$work/tf.x86_64" tensorflow-cpu) <(without "$work/tf.aarch64" tensorflow)
{
    without "$work/tf.x86_64" tensorflow-cpu
    block "$work/tf.x86_64" tensorflow-cpu | sed '1s/ \\$/ ; platform_machine == "x86_64" \\/'
    block "$work/tf.aarch64" tensorflow | sed '1s/ \\$/ ; platform_machine == "aarch64" \\/'
} >"$work/tensorflow"
mv "$work/tensorflow" tensorflow.lock

for arch in x86_64 aarch64; do
    cp modal.lock "$work/modal.$arch"
    compile "$arch" modal.in "$work/modal.$arch"
done
cmp "$work/modal.x86_64" "$work/modal.aarch64"
mv "$work/modal.x86_64" modal.lock
