"""Container images as archives that `ctr images import` reads, written without a build tool: one layer of given files."""
import hashlib
import io
import json
import pathlib
import platform
import tarfile


def entry(name, data=b"", mode=0o755, kind=tarfile.REGTYPE):
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.type = len(data), mode, kind
    return info, io.BytesIO(data)


def layer(files):
    """files: path in the image -> file here. Folders come by themselves, and /tmp, which programs expect."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        folders = {str(p) for name in files for p in pathlib.PurePosixPath(name).parents if str(p) != "."}
        for folder in sorted(folders):
            tar.addfile(*entry(folder, kind=tarfile.DIRTYPE))
        tar.addfile(*entry("tmp", mode=0o1777, kind=tarfile.DIRTYPE))
        for name, source in sorted(files.items()):
            tar.addfile(*entry(name, pathlib.Path(source).read_bytes()))
    return packed.getvalue()


def write(out, reference, files, entrypoint):
    """The format of `docker save`: manifest.json, a configuration, one layer."""
    packed = layer(files)
    config = json.dumps({
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()], "os": "linux",
        "config": {"Entrypoint": entrypoint, "Env": ["PATH=/usr/bin"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(packed).hexdigest()]},
    }).encode()
    name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": name, "RepoTags": [reference], "Layers": ["layer.tar"]}]).encode()
    with tarfile.open(out, "w") as tar:
        for item in (entry(name, config), entry("layer.tar", packed), entry("manifest.json", manifest)):
            tar.addfile(*item)
