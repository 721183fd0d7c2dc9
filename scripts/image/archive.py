"""An image in an archive, read without any tool of containers: as OCI lays it out
(https://github.com/opencontainers/image-spec: image-layout.md, manifest.md, layer.md), or as docker save did before Docker 25:
manifest.json names the configuration and the layers, which are not packed, and there is no digest."""
import dataclasses
import gzip
import io
import json
import tarfile


@dataclasses.dataclass(frozen=True)
class File:
    mode: int
    owner: tuple
    mtime: int
    link: str  # of a symbolic link
    content: bytes

    @property
    def size(self):
        return len(self.content)


def is_packed(blob):
    return blob[:2] == b"\x1f\x8b"


def of_oci(blobs):
    """(digest, configuration, layers)"""
    def blob(digest):
        return blobs["blobs/" + digest.replace(":", "/")]

    manifest = json.loads(blobs["index.json"])["manifests"][0]
    while "layers" not in (found := json.loads(blob(manifest["digest"]))):
        manifest = found["manifests"][0]  # an index of one platform
    return manifest["digest"], blob(found["config"]["digest"]), [blob(layer["digest"]) for layer in found["layers"]]


def of_docker(blobs):
    manifest = json.loads(blobs["manifest.json"])[0]
    return None, blobs[manifest["Config"]], [blobs[layer] for layer in manifest["Layers"]]


class Image:
    def __init__(self, path):
        with tarfile.open(path) as tar:
            blobs = {m.name.removeprefix("./"): tar.extractfile(m).read() for m in tar if m.isfile()}
        if "index.json" in blobs:
            self.digest, config, self._layers = of_oci(blobs)
        else:
            self.digest, config, self._layers = of_docker(blobs)
        self.config = json.loads(config)
        # What a registry holds, and a node pulls.
        self.packed = sum(len(b if is_packed(b) else gzip.compress(b, mtime=0)) for b in self._layers)

    def members(self):
        """(tar, member) of every entry of every layer, lowest first."""
        for blob in self._layers:
            with tarfile.open(fileobj=io.BytesIO(gzip.decompress(blob) if is_packed(blob) else blob)) as tar:
                for member in tar:
                    yield tar, member

    def files(self):
        """{path without a leading slash: File} of all files and links; later layers win."""
        found = {}
        for tar, member in self.members():
            if member.isdir():
                continue
            content = tar.extractfile(member).read() if member.isfile() else b""
            found[member.name.removeprefix("./")] = File(member.mode, (member.uid, member.gid), int(member.mtime), member.linkname, content)
        return found

    def unpack(self, folder):
        """Writes the root file system into an empty folder; owners stay only for root."""
        for tar, member in self.members():
            tar.extract(member, folder, numeric_owner=True)
