//! The locked packages under the sandbox's limits and its system-call filter.

use crate::support::*;
use trainable::sandbox::{Limits, SandboxProvider, local::Extra};

/// What the agents' programs do most, each of it once.
const WORK: &str = r#"
import os, trainable
import duckdb, lightgbm, matplotlib.pyplot as plt, numpy as np, optuna, pandas as pd, shap, xgboost
from joblib import Parallel, delayed
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
rng = np.random.default_rng(0)
x = pd.DataFrame(rng.normal(size=(400, 5)), columns=list('abcde'))
y = (x.a + x.b > 0).astype(int)
x.to_parquet('x.parquet')
assert duckdb.connect().execute("select count(*) from 'x.parquet'").fetchone() == (400,)
for model in (RandomForestClassifier(20, n_jobs=2), HistGradientBoostingClassifier(max_iter=10),
              lightgbm.LGBMClassifier(n_estimators=10, verbose=-1), xgboost.XGBClassifier(n_estimators=10)):
    assert model.fit(x, y).score(x, y) > 0.8
assert Parallel(n_jobs=2)(delayed(abs)(-n) for n in range(4)) == [0, 1, 2, 3]
optuna.logging.set_verbosity(optuna.logging.ERROR)
study = optuna.create_study()
study.optimize(lambda t: t.suggest_float('v', -1, 1) ** 2, n_trials=5)
shap.TreeExplainer(model).shap_values(x[:10])
plt.plot([1, 2]); plt.savefig('figure.png')
trainable.log(step=1, metrics={'loss': 0.5})
print('worked')
"#;

#[tokio::test]
async fn the_locked_packages_work_inside() {
    let local = Local::new().await;
    if local.provider().diagnose().await.environment.packages.ends_with("usr") {
        eprintln!("not tried: no environment is prepared below `$TRAINABLE_DATA`");
        return;
    }
    let limits = Limits { memory_mib: 2048, cpus: 2, processes: 256, ..small() };
    let ran = python_with(local.provider(), WORK, limits, MINUTE * 3).await;
    assert_eq!(ran.printed(), "worked");
    assert_eq!(ran.records.len(), 1);
    let volume = local.provider().volume(&name("sessions/one")).await.unwrap();
    assert!(volume.stat(&path("figure.png")).await.unwrap().is_some());
    println!("{}", String::from_utf8_lossy(&ran.stderr));
    drop(volume);
    local.finish().await;
}

/// A network that learns a sum, with each extra.
const LEARN: [(Extra, &str); 2] = [
    (
        Extra::Torch,
        r#"
import torch, numpy as np, pandas as pd
from torch import nn
torch.manual_seed(0)
x = torch.randn(256, 4)
y = x.sum(1, keepdim=True)
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
for _ in range(200):
    loss = ((model(x) - y) ** 2).mean()
    optimizer.zero_grad(); loss.backward(); optimizer.step()
assert loss.item() < 0.05, loss
torch.save(model.state_dict(), 'model.pt')
assert pd.DataFrame(model(x).detach().numpy()).shape == (256, 1)
print('worked')
"#,
    ),
    (
        Extra::Tensorflow,
        r#"
import tensorflow as tf, numpy as np
tf.keras.utils.set_random_seed(0)
x = np.random.normal(size=(256, 4)).astype('float32')
y = x.sum(1)
layers = tf.keras.layers
model = tf.keras.Sequential([layers.Dense(16, activation='relu'), layers.Dense(1)])
model.compile(tf.keras.optimizers.Adam(0.02), 'mse')
history = model.fit(x, y, epochs=40, verbose=0).history['loss']
assert history[-1] < 0.1, history
model.save('model.keras')
print('worked')
"#,
    ),
];

#[tokio::test]
async fn the_extras_work_inside() {
    let local = Local::new().await;
    let extras = local.provider().diagnose().await.environment.extras;
    for (extra, code) in LEARN {
        let name = extra.name();
        if !extras.iter().any(|found| found.extra == extra && found.on && found.ready) {
            eprintln!(
                "not tried: `trainable admin python-env --with {name}` has not been run here"
            );
            continue;
        }
        let limits = Limits { memory_mib: 2048, cpus: 2, processes: 256, ..small() };
        let ran = python_with(local.provider(), code, limits, MINUTE * 4).await;
        assert_eq!(ran.printed(), "worked");
        println!(
            "{name}: {:.1} s, {:?} bytes at most",
            ran.exit.wall.as_secs_f64(),
            ran.exit.peak_memory
        );
    }
    local.finish().await;
}
