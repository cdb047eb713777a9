"""The network of crates/engine/benches/small_cnn.rs in Keras on TensorFlow: samples a second of fit.

    python bench/small_cnn/keras_fit.py [THREADS]
"""
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import tensorflow as tf
import keras
from keras import layers

threads = int(sys.argv[1]) if len(sys.argv) > 1 else 1
tf.config.threading.set_intra_op_parallelism_threads(threads)
tf.config.threading.set_inter_op_parallelism_threads(threads)
keras.utils.set_random_seed(1)
samples, batch = 6400, 64
x = np.random.randn(samples, 28, 28, 1).astype("float32")
y = np.random.randint(0, 10, samples)
net = keras.Sequential([
    layers.Input((28, 28, 1)),
    layers.Conv2D(32, 3, use_bias=False, kernel_initializer="he_normal"), layers.BatchNormalization(), layers.ReLU(),
    layers.Conv2D(64, 3, use_bias=False, kernel_initializer="he_normal"), layers.BatchNormalization(), layers.ReLU(),
    layers.MaxPooling2D(2), layers.Flatten(),
    layers.Dense(128, activation="relu", kernel_initializer="he_normal"), layers.Dense(10, activation="softmax"),
])
net.compile(optimizer=keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy")
times = []
for epoch in range(4):
    start = time.perf_counter()
    history = net.fit(x, y, batch_size=batch, epochs=1, verbose=0)
    times.append(time.perf_counter() - start)
speed = samples / sorted(times[1:])[1]
print(f"Keras {keras.__version__} on TensorFlow {tf.__version__}, {threads} thread(s): {speed:.0f} samples a second, loss {history.history['loss'][-1]:.4f}")
