//! The service that tells which servers there are, and who leads them.

use ::uuid::Uuid;
use tonic::{Request, Response, Status};

use crate::node::Door;
use crate::protocol::event_store::client::gossip::member_info::VNodeState;
use crate::protocol::event_store::client::gossip::{ClusterInfo, EndPoint, MemberInfo, gossip_server};
use crate::protocol::event_store::client::{Empty, uuid};

/// The service, on one server.
pub(crate) struct Gossip {
    pub(crate) door: Door,
}

#[tonic::async_trait]
impl gossip_server::Gossip for Gossip {
    async fn read(&self, _: Request<Empty>) -> Result<Response<ClusterInfo>, Status> {
        let (own, leader) = (self.door.port(), self.door.leader());
        let mut members = vec![member(leader, VNodeState::Leader)];
        if own != leader {
            members.push(member(own, VNodeState::Follower));
        }
        Ok(Response::new(ClusterInfo { members }))
    }
}

fn member(port: u16, state: VNodeState) -> MemberInfo {
    let id = uuid::Value::String(Uuid::new_v4().to_string());
    MemberInfo {
        instance_id: Some(crate::protocol::event_store::client::Uuid { value: Some(id) }),
        time_stamp: 0,
        state: state.into(),
        is_alive: true,
        http_end_point: Some(EndPoint { address: "127.0.0.1".into(), port: port.into() }),
    }
}
