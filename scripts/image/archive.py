"""An image in an archive as OCI lays it out (oci-archive, docker save of Docker 25 and newer), read without any tool of
containers. https://github.com/opencontainers/image-spec: image-layout.md, manifest.md, layer.md."""
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


class Image:
    def __init__(self, path):
        with tarfile.open(path) as tar:
            self._blobs = {m.name.removeprefix("./"): tar.extractfile(m).read() for m in tar if m.isfile()}
        manifest = json.loads(self._blobs["index.json"])["manifests"][0]
        while "layers" not in (found := self._json(manifest["digest"])):
            manifest = found["manifests"][0]  # an index of one platform
        self.digest = manifest["digest"]
        self.config = self._json(found["config"]["digest"])
        self._layers = [layer["digest"] for layer in found["layers"]]
        self.packed = sum(layer["size"] for layer in found["layers"])

    def _blob(self, digest):
        return self._blobs["blobs/" + digest.replace(":", "/")]

    def _json(self, digest):
        return json.loads(self._blob(digest))

    def members(self):
        """(tar, member) of every entry of every layer, lowest first."""
        for digest in self._layers:
            blob = self._blob(digest)
            if blob[:2] == b"\x1f\x8b":
                blob = gzip.decompress(blob)
            with tarfile.open(fileobj=io.BytesIO(blob)) as tar:
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
