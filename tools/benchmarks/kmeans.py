"""Times faiss at the work of KMeansSpeedTests: Lloyd's algorithm on 131,072 blocks of 8, then all 2.8 million; one thread.

Usage: python tools/benchmarks/kmeans.py, with numpy and faiss-cpu.
"""

import time

import faiss
import numpy as np

faiss.omp_set_num_threads(1)
blocks = np.random.default_rng(1).standard_normal((2_800_000, 8), np.float32)
sample = blocks[:131_072]
rounds = []
for seed in range(5):
    start = time.perf_counter()
    clustering = faiss.Kmeans(8, 256, niter=10, seed=seed, max_points_per_centroid=512)
    clustering.train(sample)
    middle = time.perf_counter()
    distances, _ = clustering.index.search(blocks, 1)
    rounds.append((middle - start, time.perf_counter() - middle, float(distances.mean())))
train, assign, error = min(rounds, key=lambda round: round[0] + round[1])
print(f"faiss: train {train:.3f} s, assign {assign:.3f} s, squared error of a block {error:.4f}")
